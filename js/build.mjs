// The bundles, which are committed so that nobody who reads the course, installs the
// package or builds the book needs Node.
import { build } from "esbuild";

const root = process.argv[2] ?? "..";
const settings = {
  bundle: true,
  minify: true,
  format: "iife",
  charset: "utf8",
  legalComments: "none",
  tsconfigRaw: {}, // that file is for the type checker alone
};
const license = "from js/ (BSD-3-Clause)";
const banner = (text) => ({ js: `/* ${text} */` });

// For two hosts: the book's pages load it as a script, and the Python package hands the
// same text to anywidget with an export appended.
await build({
  ...settings,
  entryPoints: ["explorers/explorer.js"],
  outfile: `${root}/src/vgcourse/explorers/explorer.js`,
  target: "es2022",
  globalName: "vgcourseExplorer",
  banner: banner(`The explorers of vgcourse, ${license}, with d3-array 3.2.4 (ISC).`),
});

const site = {
  ...settings,
  target: "es2022",
  loader: { ".html": "text" },
  define: { "process.env.NODE_ENV": '"production"' }, // a silent Workbox
};
for (const name of ["course", "search", "ask"]) {
  await build({
    ...site,
    entryPoints: [`site/${name}.js`],
    outfile: `${root}/book/_static/${name}.js`,
    banner: banner(`A script of vgcourse's pages, ${license}.`),
  });
}
await build({
  ...site,
  entryPoints: ["site/service-worker.js"],
  outfile: `${root}/coursebook/vendor/service-worker.js`,
  banner: banner(
    `The service worker of vgcourse, ${license}, with Workbox 7.4.1 (MIT).`,
  ),
});
