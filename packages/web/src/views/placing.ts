import type { VirtualizerHandle } from 'virtua/vue';
import { nextTick, onBeforeUnmount, type ShallowRef } from 'vue';

/** So long after the last line got its height a place counts as reached. */
const settledMs = 150;

/** The scroller's content ends where its scroll range does: whatever is greater is cut off by the browser. */
const end = () => Number.MAX_SAFE_INTEGER;

/**
 * Brings lines of a virtual list into view. They are kept there while the lines around them get their heights, until all
 * have them or somebody scrolls: the library's own `scrollToIndex` goes on pulling a reader back who leaves meanwhile.
 */
export function usePlacing(
  scroller: Readonly<ShallowRef<HTMLElement | null>>,
  lines: Readonly<ShallowRef<VirtualizerHandle | null>>,
) {
  let wanted: (() => number | undefined) | undefined;
  let placed = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function place(): void {
    const view = scroller.value;
    const top = wanted?.();
    if (!view || top === undefined) return;
    view.scrollTop = top;
    placed = view.scrollTop;
    clearTimeout(timer);
    timer = setTimeout(release, settledMs);
  }

  const isPlaced = () => Math.abs((scroller.value?.scrollTop ?? 0) - placed) <= 1;

  function release(): void {
    clearTimeout(timer);
    wanted = undefined;
  }

  onBeforeUnmount(release);

  return {
    toEnd(): void {
      wanted = end;
      place();
    },

    /** @param indexOf tells where the line is now; -1 where it is gone */
    toLine(indexOf: () => number, align: 'start' | 'center' | 'nearest'): void {
      wanted = () => {
        const list = lines.value;
        const index = indexOf();
        if (!list || index < 0) return undefined;
        const top = list.getItemOffset(index);
        const spare = list.viewportSize - list.getItemSize(index);
        if (align === 'start') return top;
        if (align === 'center') return top - spare / 2;
        return Math.max(top - spare, Math.min(top, scroller.value?.scrollTop ?? 0));
      };
      place();
    },

    /** Whether the list stands where it was brought last. */
    holds: isPlaced,

    /** To be called when lines got other heights, before they are drawn with them. */
    resized(): void {
      if (!wanted) return;
      if (isPlaced()) void nextTick(place);
      else release();
    },
  };
}
