// build.mjs [--check]: makes client/microdot.js of client/src. With --check it only compares, and fails if they differ.
import { build } from 'esbuild';
import { minify } from 'terser';
import { readFileSync, writeFileSync } from 'node:fs';

const client = new URL('../../client/', import.meta.url);
const file = new URL('microdot.js', client);

const bundle = await build({
  entryPoints: [new URL('src/microdot.js', client).pathname],
  bundle: true, minify: true, format: 'esm', target: 'es2022', write: false,
});
const { code } = await minify(bundle.outputFiles[0].text, {
  module: true, compress: { passes: 3, unsafe_arrows: true, unsafe_methods: true },
});
if (process.argv[2] !== '--check') {
  writeFileSync(file, code);
} else if (readFileSync(file, 'utf8') !== code) {
  console.log('client/microdot.js is not made of client/src (expected: run node e2e/clients/build.mjs)');
  process.exitCode = 1;
}
