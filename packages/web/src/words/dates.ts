import { computed } from 'vue';
import { language } from '../state/preferences';

const dayMs = 24 * 3600 * 1000;

const formats = computed(() => {
  const make = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(language.value, options);
  return {
    time: make({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
    day: make({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }),
    date: make({ day: 'numeric', month: 'short' }),
    whole: make({ dateStyle: 'medium', timeStyle: 'short' }),
    near: new Intl.RelativeTimeFormat(language.value, { numeric: 'auto' }),
  };
});

function startOfDay(time: Date): number {
  return new Date(time.getFullYear(), time.getMonth(), time.getDate()).getTime();
}

export function sameDay(a: string, b: string): boolean {
  return startOfDay(new Date(a)) === startOfDay(new Date(b));
}

export function timeOfDay(iso: string): string {
  return formats.value.time.format(new Date(iso));
}

/** `Today`, `Yesterday`, or the whole date: for the border between two days. */
export function dayOf(iso: string): string {
  const days = Math.round((startOfDay(new Date(iso)) - startOfDay(new Date())) / dayMs);
  if (days <= -2 || days > 0) return formats.value.day.format(new Date(iso));
  const text = formats.value.near.format(days, 'day');
  return text.charAt(0).toLocaleUpperCase(language.value) + text.slice(1);
}

/** As short as it can be said: the time today, else the date. */
export function shortTime(iso: string): string {
  const time = new Date(iso);
  return startOfDay(time) === startOfDay(new Date()) ? timeOfDay(iso) : formats.value.date.format(time);
}

/** A time to come: of today without its date. */
export function nextTime(iso: string): string {
  return sameDay(iso, new Date().toISOString()) ? timeOfDay(iso) : wholeTime(iso);
}

export function wholeTime(iso: string): string {
  return formats.value.whole.format(new Date(iso));
}
