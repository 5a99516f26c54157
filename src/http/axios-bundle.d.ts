declare module 'axios/dist/node/axios.cjs' {
  const axios: typeof import('axios');

  // biome-ignore lint/style/noDefaultExport: a CommonJS module has one
  export { axios as default };
}
