import type { Command } from 'commander';
import { addExamples, type Runner } from './declare-command.ts';

/** Declares `ecrp uploads`. */
export function addUploads(program: Command, run: Runner): void {
  const uploads = program
    .command('uploads')
    .summary('list and forget interrupted uploads')
    .description('List and forget interrupted uploads. A push of the same image resumes them.');
  addExamples(uploads, ['ecrp uploads list', 'ecrp uploads clear']);
  const list = uploads
    .command('list')
    .summary('list interrupted uploads')
    .description('List interrupted uploads, the latest first.')
    .action(() =>
      run(async (context) => (await import('./commands/uploads-list.ts')).listInterruptedUploads(context)),
    );
  addExamples(list, ['ecrp uploads list', 'ecrp uploads list --json']);
  const clear = uploads
    .command('clear')
    .summary('forget interrupted uploads')
    .description('Forget interrupted uploads, so that the next push starts from the beginning.')
    .action(() =>
      run(async (context) => (await import('./commands/uploads-clear.ts')).clearInterruptedUploads(context)),
    );
  addExamples(clear, ['ecrp uploads clear', 'ecrp uploads clear --json']);
}
