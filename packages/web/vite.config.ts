import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

// Relative addresses, so that the page works below a path as well. Nothing is inlined: the server allows files only.
export default defineConfig({
  plugins: [vue()],
  base: './',
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
});
