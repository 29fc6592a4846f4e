import { eventually } from '@teahouse/test';
import type { Browser, CDPSession } from 'playwright-core';

interface Answer {
  readonly id?: number;
  readonly result?: { readonly result?: { readonly value?: unknown }; readonly exceptionDetails?: unknown };
}

const patienceMs = 30_000;

/** A tab that playwright knows nothing of: it keeps its own in focus, where they cannot be frozen. */
export class FreeTab {
  readonly #devtools: CDPSession;
  readonly #targetId: string;
  readonly #sessionId: string;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #asked = 0;

  private constructor(devtools: CDPSession, targetId: string, sessionId: string) {
    this.#devtools = devtools;
    this.#targetId = targetId;
    this.#sessionId = sessionId;
    devtools.on('Target.receivedMessageFromTarget', ({ message }) => {
      const answer = JSON.parse(message) as Answer;
      this.#waiting.get(answer.id ?? 0)?.(answer);
    });
  }

  static async open(browser: Browser, url: string): Promise<FreeTab> {
    const devtools = await browser.newBrowserCDPSession();
    const { targetId } = await devtools.send('Target.createTarget', { url });
    const { sessionId } = await devtools.send('Target.attachToTarget', { targetId, flatten: false });
    return new FreeTab(devtools, targetId, sessionId);
  }

  async evaluate<T>(expression: string): Promise<T> {
    const { result } = await this.#ask('Runtime.evaluate', { expression, returnByValue: true });
    if (result?.exceptionDetails) throw new Error(`${expression}: ${JSON.stringify(result.exceptionDetails)}`);
    return result?.result?.value as T;
  }

  async until(expression: string): Promise<void> {
    await eventually(async () => (await this.evaluate(`Boolean(${expression})`)) === true, patienceMs, expression);
  }

  /** Puts another tab before it and freezes it, as a browser does with tabs that were not looked at for long. */
  async freeze(): Promise<void> {
    const { targetId } = await this.#devtools.send('Target.createTarget', { url: 'about:blank' });
    await this.#devtools.send('Target.activateTarget', { targetId });
    await this.until("document.visibilityState === 'hidden'");
    await this.#ask('Page.setWebLifecycleState', { state: 'frozen' });
  }

  async thaw(): Promise<void> {
    await this.#ask('Page.setWebLifecycleState', { state: 'active' });
    await this.#devtools.send('Target.activateTarget', { targetId: this.#targetId });
  }

  async #ask(method: string, params: object): Promise<Answer> {
    const id = ++this.#asked;
    const answer = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    const message = JSON.stringify({ id, method, params });
    await this.#devtools.send('Target.sendMessageToTarget', { sessionId: this.#sessionId, message });
    try {
      return await answer;
    } finally {
      this.#waiting.delete(id);
    }
  }
}
