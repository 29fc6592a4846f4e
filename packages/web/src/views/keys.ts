/** Tells of keys that belong to an input method; Safari's Enter that ends a choice is known by this alone. */
const ofInputMethod = 229;

/** Whether a key is for the input method, which somebody is choosing a character with, and not for the page. */
export function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === ofInputMethod;
}
