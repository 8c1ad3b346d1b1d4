import { buildProgram } from '../../src/cli/program.ts';
import { readVersion } from '../../src/cli/read-version.ts';
import { OPERATIONS } from '../../src/wire/operations.ts';
import { type CommandPage, describeCommands } from './command-page.ts';
import { fillPage, readDetails, readSection } from './fill-page.ts';
import { formatManPage, nameManPage } from './man-page.ts';
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

/** Formats the man pages of all commands, by name of the file. Takes the texts of bin/README.md and bin/SCRIPTING.md. */
export function formatManPages(reference: string, scripting: string): ReadonlyMap<string, string> {
  const pages = listCommandPages();
  const manual = { version: readVersion(), pages };
  const general = ['Exit statuses', 'Environment variables'].map(
    (heading) => `## ${heading}\n\n${readSection(scripting, heading)}`,
  );
  return new Map(
    pages.map((page) => {
      const details = [readDetails(reference, page.name), ...(page.depth === 0 ? general : [])].join('\n\n');
      return [`${nameManPage(page)}.1`, formatManPage(page, details, manual)];
    }),
  );
}

/** Paths of the man pages in the package, as package.json lists them. */
export function listManFiles(): readonly string[] {
  return listCommandPages().map((page) => `dist/man/${nameManPage(page)}.1`);
}
