import { shallowReactive } from 'vue';
import { onLeave } from './login';

/** What was begun and not sent, by conversation; at most as many as there are conversations. */
const drafts = shallowReactive(new Map<string, string>());

export const draftOf = (key: string): string => drafts.get(key) ?? '';

export function keepDraft(key: string, text: string): void {
  if (text.trim() === '') drafts.delete(key);
  else drafts.set(key, text);
}

onLeave(() => drafts.clear());
