import { median, type Outcome } from './summary.js';

const width = 720;
const left = 210;
const right = 150;
const rowHeight = 58;
const barHeight = 16;

const style = `text { font: 13px system-ui, sans-serif; fill: #24292f }
.small { font-size: 11px; fill: #57606a }
.strong { font-weight: 600 }
.first { fill: #2f7d5b }
.second { fill: #b9a88a }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .small { fill: #9198a1 } .first { fill: #4fb286 } .second { fill: #7d7260 } }`;

const rate = (rounds: readonly { messagesPerSecond: number }[]): number =>
  median(rounds.map(({ messagesPerSecond }) => messagesPerSecond));

const escaped = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');

/** Both servers' acked messages a second, workload by workload, as an SVG. What has no rate to compare is left out. */
export function pictureOf(outcomes: readonly Outcome[]): string {
  const rows = outcomes.flatMap(({ workload, about, series }) => {
    const [ours, theirs] = series;
    if (!ours?.rounds.length || !theirs?.rounds.length || workload.endsWith('-paced')) return [];
    return [{ about, names: [ours.server, theirs.server], rates: [rate(ours.rounds), rate(theirs.rounds)] as const }];
  });
  const height = rows.length * rowHeight + 40;
  const bars = rows.map(({ about, names, rates }, row) => {
    const top = 34 + row * rowHeight;
    const scale = (width - left - right) / Math.max(...rates);
    const [head, ...rest] = about.split(', ');
    const bar = (index: 0 | 1, y: number) => {
      const length = Math.max(1, rates[index] * scale);
      const number = Math.round(rates[index]).toLocaleString('en-US');
      return `<rect class="${index === 0 ? 'first' : 'second'}" x="${left}" y="${y}" width="${length.toFixed(1)}" height="${barHeight}" rx="2"/>
<text class="small" x="${(left + length + 6).toFixed(1)}" y="${y + 12}">${escaped(names[index] as string)} ${number}</text>`;
    };
    return `<text x="0" y="${top + 13}">${escaped(head as string)}</text>
<text class="small" x="0" y="${top + 31}">${escaped(rest.join(', '))}</text>
${bar(0, top)}
${bar(1, top + barHeight + 4)}
<text class="strong" x="${width}" y="${top + 24}" text-anchor="end">${(rates[0] / rates[1]).toFixed(1)}×</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="Acked messages a second of both servers">
<style>${style}</style>
<text class="strong" x="0" y="16">Acked messages a second, every one on disk before its ack</text>
${bars.join('\n')}
</svg>
`;
}
