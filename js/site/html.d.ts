// esbuild hands a page over as its text.
declare module "*.html" {
  const text: string;
  export default text;
}
