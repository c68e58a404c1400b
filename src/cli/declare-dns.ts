import { Option, type Command } from 'commander';
import type { FromFile } from './commands/dns.ts';
import type { Steer } from './commands/steer.ts';
import { by, examples, output, reason, role } from './options.ts';
import type { CommonOptions } from './run.ts';

const file = (): Option =>
  new Option('-f, --file <file>', 'environment file; default: what the latest upgrade of the environment was given');

export function declareDns(program: Command): void {
  const dns = program
    .command('dns')
    .description('look at the names of an environment, and take them over from external-dns or give them back')
    .addHelpText('after', examples('eksodus dns show stg', 'eksodus dns adopt stg messages.stg.example.com'));

  dns
    .command('show')
    .description(
      'whose each name is, who is answered, how targets are, the last change, and what is not as its migration left it',
    )
    .argument('<environment>')
    .argument('[host]', 'one name; default: all of the environment')
    .addOption(file())
    .addOption(output())
    .addHelpText(
      'after',
      examples(
        'eksodus dns show stg --file config/stg.yaml',
        'eksodus dns show stg messages.stg.example.com',
        "eksodus dns show stg --output json | jq '.names[] | select(.drift)'",
      ),
    )
    .action(async (environment: string, host: string | undefined, options: CommonOptions & FromFile) =>
      (await import('./commands/dns.ts')).show(environment, host, options),
    );

  dns
    .command('adopt')
    .description('take a name over from external-dns, which then leaves it alone; proved through two of its loops')
    .argument('<environment>')
    .argument('<host>')
    .addOption(file())
    .addOption(by())
    .addOption(role('sre'))
    .addOption(reason())
    .addOption(output())
    .addHelpText('after', examples('eksodus dns adopt stg messages.stg.example.com --file config/stg.yaml'))
    .action(async (environment: string, host: string, options: Steer & FromFile) =>
      (await import('./commands/dns.ts')).adopt(environment, host, options),
    );

  dns
    .command('release')
    .description('give a name to the external-dns of a cluster, when that cluster asks for it; proved as adopt is')
    .argument('<environment>')
    .argument('<host>')
    .option('--to-owner <id>', 'owner id of the external-dns; default: that of the live cluster')
    .addOption(file())
    .addOption(by())
    .addOption(role('sre'))
    .addOption(reason())
    .addOption(output())
    .addHelpText(
      'after',
      examples(
        'eksodus dns release stg messages.stg.example.com',
        'eksodus dns release stg messages.stg.example.com --to-owner stg-1-36',
      ),
    )
    .action(async (environment: string, host: string, options: Steer & FromFile & { toOwner?: string }) =>
      (await import('./commands/dns.ts')).release(environment, host, options),
    );
}
