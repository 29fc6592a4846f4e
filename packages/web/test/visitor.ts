import { findProgram } from '@teahouse/test';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core';

/** Whatever is awaited on the page comes within this time, on a machine that is busy with other things. */
const patienceMs = 30_000;

/** Debian's Chromium without a screen, and without a wish to talk to anybody but the page's server. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = findProgram('chromium', 'chromium-browser', 'google-chrome');
  if (!executablePath) throw new Error('Chromium is not installed.');
  return await chromium.launch({
    executablePath,
    // As people's browsers do, which keep a page for the way back.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly impact?: string | null;
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
  }[];
}

/** Runs in the page: the words of each message without its time and marks. */
export const drawnTexts = `[...document.querySelectorAll('[role=log] article .text')].map((text) => {
  const copy = text.cloneNode(true);
  copy.querySelector('.meta')?.remove();
  return copy.textContent.trim();
})`;

/** Somebody in a browser of their own, who notes all that the page should not do. */
export class Visitor {
  readonly page: Page;
  /** What the console said, what went wrong in scripts, and requests to anybody but the page's server. */
  readonly complaints: string[] = [];
  readonly #url: string;

  private constructor(page: Page, url: string) {
    this.page = page;
    this.#url = url;
    page.setDefaultTimeout(patienceMs);
    page.on('console', (message) => this.complaints.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => this.complaints.push(`error: ${error.stack ?? error.message}`));
    page.on('request', (request) => {
      if (!request.url().startsWith(url)) this.complaints.push(`request: ${request.url()}`);
    });
  }

  static async arrive(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visitor> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en', ...options });
    const visitor = new Visitor(await context.newPage(), url);
    await visitor.page.goto(url);
    return visitor;
  }

  /** Another window of the same browser, which goes with it. */
  async secondWindow(): Promise<Visitor> {
    const visitor = new Visitor(await this.page.context().newPage(), this.#url);
    await visitor.page.goto(this.#url);
    return visitor;
  }

  async logIn(username: string, password = '123456'): Promise<void> {
    await this.page.locator('input[name=username]').fill(username);
    await this.page.locator('input[name=password]').fill(password);
    await this.page.keyboard.press('Enter');
    // Hidden where there is one conversation alone and a small screen: that one is open then.
    await this.page.locator('nav').waitFor({ state: 'attached' });
  }

  /** Who is logged in here. */
  me(nickname: string): Locator {
    return this.page.getByRole('navigation').getByRole('button').filter({ hasText: nickname });
  }

  async logOut(): Promise<void> {
    await this.page.getByRole('navigation').getByRole('button', { name: 'Settings', exact: true }).click();
    await this.button('Log out').click();
    await this.page.locator('input[name=password]').waitFor();
  }

  /** Opens a conversation of the list by its name. */
  async open(name: string): Promise<void> {
    await this.page.getByRole('navigation').getByRole('link', { name }).first().click();
    await this.page.getByRole('heading', { level: 1, name }).waitFor();
  }

  async say(text: string): Promise<void> {
    await this.writing.fill(text);
    await this.page.keyboard.press('Enter');
  }

  get writing(): Locator {
    return this.page.locator('main textarea');
  }

  /** The message with this text, as it stands in the conversation looked at. */
  message(text: string): Locator {
    return this.page.getByRole('log').getByRole('article').filter({ hasText: text });
  }

  /** What the messages drawn say, in their order. */
  async texts(): Promise<string[]> {
    return await this.page.evaluate<string[]>(drawnTexts);
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  async choose(item: string): Promise<void> {
    await this.page.getByRole('menuitem', { name: item }).click();
  }

  /** What axe finds in the view as it stands that is serious or worse. */
  async barriers(): Promise<string[]> {
    await this.page.evaluate(axe.source);
    const { violations } = await this.page.evaluate<AxeResult>(
      '(async () => { const { violations } = await axe.run(); return { violations }; })()',
    );
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(
        ({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join('; ')}`,
      );
  }

  async leave(): Promise<void> {
    await this.page.context().close();
  }
}
