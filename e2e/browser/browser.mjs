// Opens the browser that the first argument names, headless and with a profile of its own.
import puppeteer from 'puppeteer-core';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const quiet = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];

export async function open(name) {
  const firefox = name === 'firefox';
  return puppeteer.launch({
    browser: firefox ? 'firefox' : 'chrome',
    executablePath: firefox ? '/usr/bin/firefox-esr' : '/usr/bin/chromium',
    headless: true,
    args: firefox ? [] : quiet,
    userDataDir: mkdtempSync(join(tmpdir(), 'microdot-browser-')),
  });
}

/** Prints a line that the test waits for. */
export const say = (what) => console.log(JSON.stringify(what));

/** Reads a line that the test writes. */
export async function told() {
  return new Promise((resolve) => process.stdin.once('data', (d) => resolve(String(d).trim())));
}
