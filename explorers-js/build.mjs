// One bundle for both hosts: the book's pages load it as a script, and the Python
// package hands the same text to anywidget with an export appended. It is committed, so
// that nobody who installs the package needs Node.
import { build } from "esbuild";

const root = process.argv[2] ?? "..";

await build({
  entryPoints: ["src/explorer.js"],
  outfile: `${root}/src/vgcourse/explorers/explorer.js`,
  bundle: true,
  minify: true,
  format: "iife",
  globalName: "vgcourseExplorer",
  target: "es2020",
  charset: "utf8",
  legalComments: "none",
  banner: {
    js: "/* The explorers of vgcourse, from explorers-js/ (BSD-3-Clause), with Observable Plot 0.6.17 and D3 7 (ISC). */",
  },
});
