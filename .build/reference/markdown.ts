import { type CommandPage, type Definition, splitParagraphs } from './command-page.ts';

/** Formats the overview: a table of all commands with links to their sections. */
export function formatOverview(pages: readonly CommandPage[]): string {
  const rows = pages
    .filter(({ depth, commands }) => depth > 0 && commands.length === 0)
    .map(({ name, summary }) => [`[\`${name}\`](#${toAnchor(name)})`, summary]);
  return formatTable(['command', ''], rows);
}

/** Formats the table of the API's operations. */
export function formatOperations(operations: readonly string[], pages: readonly CommandPage[]): string {
  const rows = operations.map((operation) => {
    const commands = pages.filter((page) => page.operations.some((each) => each === operation));
    return [operation, commands.map(({ name }) => `[\`${name}\`](#${toAnchor(name)})`).join(', ')];
  });
  return formatTable(['operation of the API', 'command'], rows);
}

/** Formats the section of a command, from its heading to its examples. */
export function formatCommand(page: CommandPage): string {
  const { name, depth, description, usage, commands, groups, operations, exitStatuses, examples } = page;
  const parts = [
    `${'#'.repeat(depth + 2)} \`${name}\``,
    ...splitParagraphs(description).map(formatParagraph),
    formatCode(usage),
    page.arguments.length > 0 && formatDefinitions('argument', page.arguments),
    commands.length > 0 && depth > 0 && formatDefinitions('command', commands),
    ...groups.map(({ title, options }) => formatDefinitions(groups.length > 1 ? title : 'option', options)),
    formatExitStatuses(exitStatuses),
    operations.length > 0 && `Operations of the API: ${operations.join(', ')}.`,
    examples.length > 0 && formatCode(examples),
  ];
  return parts.filter((part) => part !== false && part !== '').join('\n\n');
}

function formatParagraph(paragraph: string): string {
  return paragraph.includes('\n') ? formatCode(paragraph.split('\n')) : paragraph;
}

function formatExitStatuses(exitStatuses: Readonly<Record<number, string>>): string {
  const rows = Object.entries(exitStatuses).map(([status, meaning]) => [status, escapeText(meaning)]);
  return rows.length === 0 ? '' : formatTable(['exit status', ''], rows);
}

function formatDefinitions(title: string, definitions: readonly Definition[]): string {
  return formatTable(
    [title, ''],
    definitions.map(({ term, meaning }) => [`\`${term.replaceAll('|', '\\|')}\``, escapeText(meaning)]),
  );
}

function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, header.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`.replaceAll(/ {2,}/g, ' ')).join('\n');
}

function formatCode(lines: readonly string[]): string {
  return ['```sh', ...lines, '```'].join('\n');
}

/** Keeps text out of the way of Markdown and of tables, except for the code that it marks itself. */
function escapeText(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((piece, position) => (position % 2 === 1 ? piece : piece.replaceAll(/[<>*_[\]]/g, '\\$&')))
    .join('')
    .replaceAll('|', '\\|');
}

/** The anchor that GitHub gives to the heading of a command. */
function toAnchor(name: string): string {
  return name.replaceAll(' ', '-');
}
