import { defineConfig } from 'tsdown';

/** The CommonJS half of what is published, beside the ESM half that everything here is compiled to. */
const half = { outDir: 'dist', clean: false, format: 'cjs', platform: 'neutral', target: 'es2022' } as const;

export default defineConfig([
  {
    ...half,
    entry: 'src/index.ts',
    dts: true,
    // The bundler of the types drops the reference that stands in client.ts.
    banner: { dts: '/// <reference lib="esnext.disposable" />' },
    external: ['#websocket'],
  },
  { ...half, entry: ['src/websocket-node.ts', 'src/websocket-browser.ts'], dts: false, external: ['ws'] },
]);
