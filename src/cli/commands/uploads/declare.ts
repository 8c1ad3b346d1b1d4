import type { Command } from 'commander';
import type { Runner } from '../../command-context.ts';
import { addExamples } from '../../help.ts';

/** Declares `ecrp uploads`. */
export function addUploads(program: Command, run: Runner): void {
  const uploads = program
    .command('uploads')
    .summary('list and discard interrupted uploads')
    .description('List and discard interrupted uploads. A push of the same image resumes them.');
  addExamples(uploads, ['ecrp uploads list', 'ecrp uploads clear']);
  const list = uploads
    .command('list')
    .summary('list interrupted uploads')
    .description('List interrupted uploads, the latest first.')
    .action(() => run(async (context) => (await import('./run.ts')).listInterruptedUploads(context)));
  addExamples(list, ['ecrp uploads list', 'ecrp uploads list --json']);
  const clear = uploads
    .command('clear')
    .summary('discard interrupted uploads')
    .description(
      'Discard the records of interrupted uploads. The next push starts each layer from the first byte.',
    )
    .action(() => run(async (context) => (await import('./run.ts')).clearInterruptedUploads(context)));
  addExamples(clear, ['ecrp uploads clear', 'ecrp uploads clear --json']);
}
