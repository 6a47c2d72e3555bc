// Builds the pages into the folder that the service serves; `npm run dev` hands API calls to a running service;
// Vitest runs the unit tests of the pure view logic.
import { defineConfig } from "vitest/config";

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../service/static",
    emptyOutDir: true,
    target: "es2022",
    // Nothing is inlined: the content security policy allows files from this origin only.
    assetsInlineLimit: 0,
    // What belongs to what, for the test that weighs every first view.
    manifest: "assets/manifest.json",
    modulePreload: { polyfill: false },
    // Plotly is one file of 1.3 MB that is loaded only when the first chart is shown.
    chunkSizeWarningLimit: 1400,
  },
  test: { include: ["tests/**/*.test.js"], environment: "node", reporters: ["dot"], pool: "threads", testTimeout: 60_000 },
  server: { host: "127.0.0.1", port: 5173, proxy: { "/api": "http://127.0.0.1:8000" } },
});
