// Two small files, committed, so that nobody who builds the book needs Node.
import { build } from "esbuild";

const root = process.argv[2] ?? "..";
const settings = {
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  loader: { ".html": "text" },
  define: { "process.env.NODE_ENV": '"production"' }, // a silent Workbox
};

await build({
  ...settings,
  entryPoints: ["src/course.js"],
  outfile: `${root}/book/_static/course.js`,
  banner: { js: "/* The script of vgcourse's pages, from site-js/ (BSD-3-Clause). */" },
});
await build({
  ...settings,
  entryPoints: ["src/service-worker.js"],
  outfile: `${root}/book/_extensions/service-worker.js`,
  banner: {
    js: "/* The service worker of vgcourse, from site-js/ (BSD-3-Clause), with Workbox 7.4.1 (MIT). */",
  },
});
