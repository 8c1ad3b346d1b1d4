import { buildProgram } from '../../src/cli/program.ts';
import { OPERATIONS } from '../../src/wire/operations.ts';
import { type CommandPage, describeCommands } from './command-page.ts';
import { fillPage } from './fill-page.ts';
import { formatCommand, formatOperations, formatOverview } from './markdown.ts';

/** All commands of the program. */
export function listCommandPages(): readonly CommandPage[] {
  return describeCommands(buildProgram(async () => undefined));
}

/** Brings the generated blocks of bin/README.md up to date, and returns the page. */
export function fillReference(page: string): string {
  const pages = listCommandPages();
  return fillPage(page, [
    { name: 'commands', text: formatOverview(pages) },
    { name: 'operations', text: formatOperations(Object.keys(OPERATIONS), pages) },
    ...pages.map((command) => ({ name: command.name, text: formatCommand(command) })),
  ]);
}
