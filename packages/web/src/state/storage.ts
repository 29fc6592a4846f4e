/**
 * What is kept by name in one of the browser's storages. Where the browser blocks that, or has no room, it is kept as long
 * as the page is open.
 */
class Drawer {
  readonly #open: () => Storage;
  readonly #memory = new Map<string, string>();

  constructor(open: () => Storage) {
    this.#open = open;
  }

  /** Whether the browser lets the page keep anything here. */
  get opens(): boolean {
    try {
      this.#open().getItem('');
      return true;
    } catch {
      return false;
    }
  }

  get(name: string): string | undefined {
    try {
      return this.#memory.get(name) ?? this.#open().getItem(name) ?? undefined;
    } catch {
      return undefined;
    }
  }

  set(name: string, text: string): void {
    try {
      this.#open().setItem(name, text);
      this.#memory.delete(name);
    } catch {
      this.remove(name);
      this.#memory.set(name, text);
    }
  }

  remove(name: string): void {
    this.#memory.delete(name);
    try {
      this.#open().removeItem(name);
    } catch {
      // Then nothing was kept there.
    }
  }
}

/** Each tab has its own, which goes with it. */
export const ofTab = new Drawer(() => sessionStorage);
/** One for all tabs, which stays. */
export const ofBrowser = new Drawer(() => localStorage);
