import { type CommandPage, type Definition, splitParagraphs } from './command-page.ts';
import {
  convertMarkdown,
  escapeRoff,
  formatInline,
  formatTagged,
  formatVerbatim,
  quoteArgument,
} from './roff.ts';

/** What the pages of one build have in common. */
export interface Manual {
  readonly version: string;
  /** All commands, for the lists of related pages. */
  readonly pages: readonly CommandPage[];
}

/** The name of a command's page: `ecrp-repo-create`. */
export function nameManPage({ name }: Pick<CommandPage, 'name'>): string {
  return name.replaceAll(' ', '-');
}

/**
 * Formats the man page of a command in roff, with the macros of man(7).
 * @param details What is written by hand about the command, in Markdown.
 */
export function formatManPage(page: CommandPage, details: string, { version, pages }: Manual): string {
  const { name, description, summary, usage, commands, exitStatuses, examples, depth } = page;
  const title = nameManPage(page);
  const parts = [
    `.TH ${quoteArgument(title.toUpperCase())} 1 "" ${quoteArgument(`ecrp ${version}`)} "Manual of ecrp"`,
    section('NAME', [`${escapeRoff(title)} \\- ${escapeRoff(summary)}`]),
    section(
      'SYNOPSIS',
      usage.flatMap((form, position) => [
        ...(position > 0 ? ['.PP'] : []),
        `.B ${escapeRoff(name)}`,
        escapeRoff(form.slice(name.length + 1)),
      ]),
    ),
    section('DESCRIPTION', splitParagraphs(description).map(formatParagraph)),
    section('ARGUMENTS', page.arguments.map(formatTerm)),
    section(
      'COMMANDS',
      commands.map(({ term, meaning }) => formatTerm({ term: `${name} ${term}`, meaning })),
    ),
    section('OPTIONS', [
      ...formatOptions(page),
      depth > 0 ? '.PP\nThe options of \\fBecrp\\fR(1) work here as well.' : '',
    ]),
    convertMarkdown(details),
    section(
      'EXIT STATUS',
      Object.entries(exitStatuses).map(([term, meaning]) => formatTerm({ term, meaning })),
    ),
    section(
      'EXAMPLES',
      examples.map((example) => formatVerbatim(example.split('\n'))),
    ),
    section('SEE ALSO', [
      listRelated(page, pages)
        .map((related) => `\\fB${escapeRoff(related)}\\fR(1)`)
        .join(', '),
    ]),
  ];
  return `${parts.filter(Boolean).join('\n')}\n`;
}

function formatParagraph(paragraph: string): string {
  return paragraph.includes('\n') ? formatVerbatim(paragraph.split('\n')) : `.PP\n${formatInline(paragraph)}`;
}

function formatTerm({ term, meaning }: Definition): string {
  return formatTagged(`**${term}**`, meaning);
}

function formatOptions({ groups }: CommandPage): readonly string[] {
  return groups.flatMap(({ title, options }) => [
    groups.length > 1 ? `.SS ${quoteArgument(title)}` : '',
    ...options.map(formatTerm),
  ]);
}

function section(title: string, parts: readonly string[]): string {
  const text = parts.filter(Boolean).join('\n');
  return text === '' ? '' : `.SH ${quoteArgument(title)}\n${text}`;
}

/** The program, the group of the command, and the commands below it or beside it. */
function listRelated(page: CommandPage, pages: readonly CommandPage[]): readonly string[] {
  const parent = page.name.replace(/ [^ ]+$/, '');
  const siblings = pages.filter(({ name }) =>
    page.commands.length > 0 ? isChild(name, page.name) : page.depth > 1 && isChild(name, parent),
  );
  const names = [pages[0], pages.find(({ name }) => name === parent), ...siblings].flatMap((each) =>
    each === undefined || each.name === page.name ? [] : nameManPage(each),
  );
  return [...new Set(names)];
}

function isChild(name: string, parent: string): boolean {
  return name.startsWith(`${parent} `) && !name.slice(parent.length + 1).includes(' ');
}
