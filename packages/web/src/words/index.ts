import { ChatError } from '@teahouse/client';
import { computed } from 'vue';
import { language } from '../state/preferences';
import { english } from './en';
import { chinese } from './zh';

/** What the page says, in the language chosen; changes with it. */
export const words = computed(() => (language.value === 'zh-CN' ? chinese : english));

/** An error in words. `special` says what a code means where it came up. */
export function sentenceOf(error: unknown, special: Readonly<Record<string, string>> = {}): string {
  if (!(error instanceof ChatError)) return words.value.errors.INTERNAL as string;
  return special[error.code] ?? words.value.errors[error.code] ?? error.message;
}
