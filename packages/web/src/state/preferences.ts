import { computed, reactive, watchEffect } from 'vue';
import { ofBrowser as drawer } from './storage';

export type Language = 'en' | 'zh-CN';
export type LanguageChoice = Language | 'auto';
export type Theme = 'auto' | 'light' | 'dark';

const storedLanguage = 'teahouse.language';
const storedTheme = 'teahouse.theme';

/** What was chosen before in this browser; `auto` where nothing was, or nothing can be kept. */
function chosen<T extends string>(name: string, values: readonly T[]): T | 'auto' {
  return values.find((value) => value === drawer.get(name)) ?? 'auto';
}

export const preferences = reactive<{ language: LanguageChoice; theme: Theme }>({
  language: chosen(storedLanguage, ['en', 'zh-CN'] as const),
  theme: chosen(storedTheme, ['light', 'dark'] as const),
});

const ofBrowser: Language = navigator.language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';

export const language = computed<Language>(() => (preferences.language === 'auto' ? ofBrowser : preferences.language));

/** Keeps the document and what is stored in step with what is chosen. */
export function applyPreferences(): void {
  watchEffect(() => {
    document.documentElement.lang = language.value;
    document.documentElement.dataset['theme'] = preferences.theme;
    drawer.set(storedLanguage, preferences.language);
    drawer.set(storedTheme, preferences.theme);
  });
}
