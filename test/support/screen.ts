import { Writable } from 'node:stream';

interface Row {
  text: string;
  /** The line is too long and continues in the next row. */
  wraps: boolean;
}

/**
 * Terminal whose screen a test can read. It obeys the escape sequences of a live display and wraps lines anew when it gets narrower. Every
 * character is one column wide. It has no scrollback: rows are added at the bottom.
 */
export class Screen extends Writable {
  readonly isTTY = true;
  columns: number;
  rows: number;
  isCursorShown = true;
  /** Chunks that reach the terminal together count once. */
  writes = 0;
  #rows: Row[] = [{ text: '', wraps: false }];
  #row = 0;
  #column = 0;

  constructor(columns: number, rows = 24) {
    super({
      decodeStrings: false,
      write: (chunk, _encoding, done) => {
        this.writes += 1;
        this.#obey(String(chunk));
        done();
      },
      writev: (chunks, done) => {
        this.writes += 1;
        for (const { chunk } of chunks) this.#obey(String(chunk));
        done();
      },
    });
    this.columns = columns;
    this.rows = rows;
  }

  get lines(): readonly string[] {
    const texts = this.#rows.map(({ text }) => text.trimEnd());
    while (texts.at(-1) === '') texts.pop();
    return texts;
  }

  // Members of `tty.WriteStream`.
  cursorTo(column: number): boolean {
    return this.write(`\u001b[${column + 1}G`);
  }

  moveCursor(_: number, rows: number): boolean {
    return this.write(`\u001b[${Math.abs(rows)}${rows < 0 ? 'A' : 'B'}`);
  }

  clearLine(_: number): boolean {
    return this.write('\u001b[2K');
  }

  /** Keeps the cursor at its character. */
  resize(columns: number): void {
    const rewrapped: Row[] = [];
    let cursor = { row: 0, column: 0 };
    let line = '';
    let offset: number | undefined;
    this.#rows.forEach(({ text, wraps }, index) => {
      if (index === this.#row) offset = line.length + this.#column;
      line += text;
      if (wraps) return;
      const first = rewrapped.length;
      for (let start = 0; start === 0 || start < line.length; start += columns) {
        rewrapped.push({
          text: line.slice(start, start + columns),
          wraps: start + columns < line.length,
        });
      }
      if (offset !== undefined) {
        cursor = { row: first + Math.floor(offset / columns), column: offset % columns };
      }
      line = '';
      offset = undefined;
    });
    this.#rows = rewrapped;
    this.#row = cursor.row;
    this.#column = cursor.column;
    this.columns = columns;
    this.emit('resize');
  }

  /** Prints the echo of a key. */
  echo(text: string): void {
    this.#obey(text);
  }

  #obey(text: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals get control characters
    for (const [token, , parameter = '', command] of text.matchAll(/\u001b\[(\??)([\d;]*)([A-Za-z])|./gsu)) {
      if (command !== undefined) this.#control(command, parameter);
      else if (token === '\r') this.#column = 0;
      else if (token === '\n') this.#moveDown();
      else this.#print(token);
    }
  }

  #control(command: string, parameter: string): void {
    const count = Number(parameter || '1');
    if (command === 'A') this.#row = Math.max(0, this.#row - count);
    else if (command === 'G') this.#column = count - 1;
    else if (command === 'K') this.#rows[this.#row] = { text: '', wraps: false };
    else if (command === 'J') {
      this.#rows.length = this.#row + 1;
      this.#change((before) => before.slice(0, this.#column));
    } else if (parameter === '25') this.isCursorShown = command === 'h';
    else if (command !== 'm' && parameter !== '2026')
      throw new Error(`unknown sequence ${parameter}${command}`);
  }

  #print(character: string): void {
    if (this.#column >= this.columns) {
      const row = this.#rows[this.#row];
      if (row !== undefined) row.wraps = true;
      this.#moveDown();
    }
    this.#change((text) => {
      const padded = text.padEnd(this.#column);
      return padded.slice(0, this.#column) + character + padded.slice(this.#column + 1);
    });
    this.#column += 1;
  }

  #moveDown(): void {
    this.#row += 1;
    this.#column = 0;
    if (this.#row === this.#rows.length) this.#rows.push({ text: '', wraps: false });
  }

  #change(edit: (text: string) => string): void {
    const row = this.#rows[this.#row];
    if (row !== undefined) row.text = edit(row.text);
  }
}
