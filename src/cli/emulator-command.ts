import { type Command, Option } from 'commander';
import type { EmulatorOptions } from './commands/emulator.ts';
import { addExamples, type Runner } from './declare-command.ts';
import { collectHostNames, parseAddress } from './emulator/host-options.ts';
import { collectValues, parseIntegerWithin, parseNonEmpty } from './option-values.ts';

/** Declares `ecrp emulator`. */
export function addEmulator(program: Command, run: Runner): void {
  const emulator = program
    .command('emulator')
    .summary('run a local ECR Public')
    .description('Run a local ECR Public, or a command with one beside it.')
    .argument('[command...]', 'after `--`: a command to run with the environment of the emulator')
    .option('--port <port>', 'port to listen on; 0 takes a free one', parseIntegerWithin(0, 65_535), 5100)
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)', parseAddress)
    .option(
      '--allow-host <name>',
      'with --host: a name or address that clients reach it by, without the port (repeatable)',
      collectHostNames,
    )
    .option(
      '--data <directory>',
      'keep everything there; without it nothing outlives the emulator',
      parseNonEmpty,
    )
    .option('--account <id>', 'account id of the registry', parseNonEmpty)
    .option('--alias <alias>', 'alias of the registry', parseNonEmpty)
    .option('--access-key-id <id>', 'the access key it accepts', parseNonEmpty)
    .option(
      '--secret-access-key <key>',
      'the secret of that key; the list of processes shows it to every user: prefer --identity',
      parseNonEmpty,
    )
    .option(
      '--identity <file>',
      'further keys and what each may do, as JSON; the first is used',
      parseNonEmpty,
    )
    .option(
      '--token-lifetime <seconds>',
      'how long authorization tokens are good (default: 12 hours)',
      parseIntegerWithin(1, 43_200),
    )
    .addOption(
      new Option('--quotas <kind>', 'whether requests are throttled as by the service')
        .choices(['real', 'off'])
        .default('off'),
    )
    .addOption(
      new Option('--registry-mode <mode>', 'what /v2/ is like: public.ecr.aws, or the OCI specification')
        .choices(['aws', 'oci'])
        .default('aws'),
    )
    .option(
      '--fault <rule>',
      'OPERATION EFFECT [VALUE] [on=N|every=N|p=P seed=S] (repeatable)',
      collectValues,
    )
    .option('--log <file>', 'write one JSON line per request there', parseNonEmpty)
    .action((command: readonly string[], options: EmulatorOptions) =>
      run(async (context) => (await import('./commands/emulator.ts')).runEmulator(context, command, options)),
    );
  addExamples(emulator, [
    'ecrp emulator',
    'ecrp emulator --port 0 -- sh -c "ecrp repo create app && ecrp push app.tar app:1.0"',
    'ecrp emulator --data ./registry --fault "UploadLayerPart delay 300"',
    'ecrp emulator --identity publisher.json -- ecrp push app.tar app:1.0',
    'ecrp emulator --host 0.0.0.0 --allow-host registry --allow-host host.docker.internal',
  ]);
}
