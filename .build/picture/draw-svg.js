const CELL = { width: 8.4, height: 21 };
const FONT_SIZE = 14;
const MARGIN = 20;
/** Height of the bar with the three dots. */
const BAR = 34;

/** Classes of ANSI colors. Others are drawn in the color of the text. */
const COLORS = { 1: 'red', 2: 'green', 3: 'yellow', 6: 'cyan' };

/** Colors of both schemes keep a contrast of 4.5:1 to their ground, faint text included. */
const STYLE = `
text { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; font-size: ${FONT_SIZE}px; fill: #1f2328 }
.bold { font-weight: 600 }
.dim { fill: #656d76 } .red { fill: #c91c28 } .green { fill: #1a7f37 } .yellow { fill: #7d5600 } .cyan { fill: #0f6f77 }
.ground { fill: #f6f8fa; stroke: #d0d7de } .dot { fill: #d0d7de }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .dim { fill: #8b949e } .red { fill: #ff7b72 } .green { fill: #56d364 } .yellow { fill: #e3b341 } .cyan { fill: #56d4dd }
  .ground { fill: #161b22; stroke: #30363d } .dot { fill: #30363d }
}`;

/** Draws rows of a terminal as an SVG document. Each run has its width fixed, so that columns stay aligned in any font. */
export function drawSvg(rows, { columns, title, description }) {
  const width = Math.ceil(columns * CELL.width + 2 * MARGIN);
  const height = BAR + rows.length * CELL.height + MARGIN;
  const texts = rows.flatMap((runs, row) => runs.flatMap((run) => drawRun(run, row)));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title description">
<title id="title">${escapeXml(title)}</title>
<desc id="description">${escapeXml(description)}</desc>
<style>${STYLE}
</style>
<rect class="ground" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>
${[0, 1, 2].map((dot) => `<circle class="dot" cx="${MARGIN + dot * 18}" cy="18" r="5"/>`).join('\n')}
${texts.join('\n')}
</svg>
`;
}

/** Draws a run word by word where words are more than a space apart, because renderers collapse spaces. */
function drawRun({ text, column, color, bold, dim }, row) {
  const classes = [bold && 'bold', dim && 'dim', COLORS[color]].filter(Boolean);
  const style = classes.length === 0 ? '' : `class="${classes.join(' ')}" `;
  return [...text.matchAll(/\S+(?: \S+)*/g)].map(({ 0: words, index }) => {
    const x = round(MARGIN + (column + index) * CELL.width);
    const y = round(BAR + (row + 0.7) * CELL.height);
    const width = round(words.length * CELL.width);
    return `<text ${style}x="${x}" y="${y}" textLength="${width}" lengthAdjust="spacingAndGlyphs">${escapeXml(words)}</text>`;
  });
}

function round(number) {
  return Math.round(number * 10) / 10;
}

function escapeXml(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
