// Runs the unit tests of the view logic: Node's own test runner, with the sources transformed by Vite.
import { readdir } from "node:fs/promises";
import { createServer } from "vite";

const server = await createServer({
  appType: "custom",
  logLevel: "error",
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
});
try {
  const files = (await readdir(import.meta.dirname)).filter((name) => name.endsWith(".test.js")).sort();
  for (const name of files) await server.ssrLoadModule(`/tests/${name}`);
} finally {
  await server.close();
}
