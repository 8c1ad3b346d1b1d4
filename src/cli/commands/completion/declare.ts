import { Argument, type Command } from 'commander';
import type { Runner } from '../../command-context.ts';
import { addExamples } from '../../help.ts';
import type { Shell } from './run.ts';

const DESCRIPTION = `Print a script that completes commands, options, their values and files in a shell. Repositories, tags and \
profiles are completed too: names of the registry are kept for ten minutes. They are asked for only if the credentials are keys of the \
environment or of the profile, and for one second at most.

To use it in bash, add the first line to ~/.bashrc; in zsh, add the second to ~/.zshrc, after compinit; in fish, run the third once:

source <(ecrp completion bash)
source <(ecrp completion zsh)
ecrp completion fish > ~/.config/fish/completions/ecrp.fish`;

/** Declares `ecrp completion`. */
export function addCompletion(program: Command, run: Runner): void {
  const completion = program
    .command('completion')
    .summary('complete commands in bash, zsh or fish')
    .description(DESCRIPTION)
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))
    .action((shell: Shell) => run(async () => (await import('./run.ts')).printScript(shell)));
  addExamples(completion, [
    'source <(ecrp completion bash)',
    'ecrp completion zsh > ~/.zsh/completions/_ecrp',
    'ecrp completion fish > ~/.config/fish/completions/ecrp.fish',
  ]);
}
