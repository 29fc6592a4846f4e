import type { Stack } from '@teahouse/test';
import type { Browser } from 'playwright-core';
import type { Test } from 'tap';
import { openHouse } from './house.js';
import { launchBrowser, Visitor } from './visitor.js';

type Options = Parameters<typeof Visitor.arrive>[2];

export const official = '官方群';
export const chinese: Options = { locale: 'zh-CN' };

export interface PageHouse {
  readonly stack: Stack;
  readonly browser: Browser;
  readonly url: string;
  /** Somebody comes in, logs in where a name is given, and is shown out when the test `t` ends. */
  visit(t: Test, username: string, options?: Options): Promise<Visitor>;
}

/** Longer than a file may take elsewhere: a browser on a busy machine. */
const fileMs = 300_000;

/** The real stack and a browser for the tests of one file; both go with them. */
export async function openPage(t: Test, env: NodeJS.ProcessEnv = {}): Promise<PageHouse> {
  t.setTimeout(fileMs);
  const stack = await openHouse((line) => t.comment(line), env);
  t.teardown(() => stack.stop());
  const browser = await launchBrowser();
  t.teardown(() => browser.close());
  const url = stack.urls[0] as string;
  return {
    stack,
    browser,
    url,
    visit: async (t, username, options = {}) => {
      const visitor = await Visitor.arrive(browser, url, options);
      t.teardown(() => visitor.leave());
      if (username) await visitor.logIn(username);
      return visitor;
    },
  };
}
