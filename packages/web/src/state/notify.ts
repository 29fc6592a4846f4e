import { reactive } from 'vue';
import { sentenceOf } from '../words';

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly isError: boolean;
}

const most = 3;
const shownMs = { news: 6_000, error: 15_000 };
let lastId = 0;

/** What is told at the edge of the page, and what only a screen reader hears. */
export const told = reactive<{ toasts: Toast[]; spoken: { id: number; text: string } }>({
  toasts: [],
  spoken: { id: 0, text: '' },
});

/** Shows a sentence for a few seconds, an error for longer. At most three are shown, the newest ones. */
export function tell(text: string, isError = false): void {
  lastId += 1;
  const id = lastId;
  told.toasts = [...told.toasts.filter((toast) => toast.text !== text), { id, text, isError }].slice(-most);
  setTimeout(() => dismiss(id), isError ? shownMs.error : shownMs.news);
}

export function dismiss(id: number): void {
  told.toasts = told.toasts.filter((toast) => toast.id !== id);
}

/** For the screen reader alone. What is said twice is another element, and is spoken twice. */
export function speak(text: string): void {
  told.spoken = { id: told.spoken.id + 1, text };
}

/**
 * Runs something that the user asked for; what goes wrong is shown.
 * @param special what a code means here
 * @returns whether it went well
 */
export async function attempt(
  work: () => Promise<unknown>,
  special: Readonly<Record<string, string>> = {},
): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    tell(sentenceOf(error, special), true);
    return false;
  }
}
