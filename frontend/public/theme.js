// Runs before the first paint, so that no theme flashes. The key is the one of src/theme.ts.
document.documentElement.dataset.theme =
  localStorage.getItem("edgewise.theme") ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
