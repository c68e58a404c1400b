import { Option, type Command } from 'commander';
import type { Confirmed, Steer } from './commands/steer.ts';
import type { Starts } from './commands/upgrade.ts';
import { by, examples, output, reason, role, yes } from './options.ts';
import type { CommonOptions } from './run.ts';

export function declareUpgrade(program: Command): void {
  const upgrade = program
    .command('upgrade')
    .description('start and steer the upgrade of an environment')
    .addHelpText('after', examples('eksodus upgrade start --file config/stg.yaml', 'eksodus upgrade watch stg'));

  upgrade
    .command('start')
    .description('start an upgrade as an environment file describes it')
    .requiredOption('-f, --file <file>', 'environment file')
    .option('-w, --watch', 'stay and show what happens')
    .addOption(by())
    .addOption(role('sre'))
    .addOption(output())
    .addHelpText(
      'after',
      examples('eksodus upgrade start --file config/stg.yaml', 'eksodus upgrade start -f config/stg.yaml --watch'),
    )
    .action(async (options: Starts) => (await import('./commands/upgrade.ts')).start(options));

  upgrade
    .command('status')
    .description('what is true now; exit code 3 when the upgrade waits for a person')
    .argument('<environment>')
    .addOption(output())
    .addHelpText('after', examples('eksodus upgrade status stg', 'eksodus upgrade status stg --output json | jq .apps'))
    .action(async (environment: string, options: CommonOptions) =>
      (await import('./commands/upgrade.ts')).status(environment, options),
    );

  upgrade
    .command('watch')
    .description(
      'show what happens until the upgrade ends: a live picture on a terminal, a line per change elsewhere; exit code 1 when it ends without success',
    )
    .argument('<environment>')
    .option('--until-hold', 'end with exit code 3 as soon as it waits for a person')
    .addOption(output())
    .addHelpText(
      'after',
      examples(
        'eksodus upgrade watch stg',
        'eksodus upgrade watch stg | tee upgrade.log',
        'eksodus upgrade watch stg --until-hold || page-somebody',
      ),
    )
    .action(async (environment: string, options: CommonOptions & { untilHold?: boolean }) =>
      (await import('./commands/watch.ts')).watch(environment, options),
    );

  upgrade
    .command('pause')
    .description('finish what is under way, begin nothing new')
    .argument('<environment>')
    .addOption(by())
    .addOption(role('sre'))
    .addOption(reason())
    .addOption(output())
    .addHelpText('after', examples('eksodus upgrade pause stg --reason "incident 4711"'))
    .action(async (environment: string, options: Steer) =>
      (await import('./commands/upgrade.ts')).pause(environment, options),
    );

  upgrade
    .command('resume')
    .description('end a pause, or let what failed try again')
    .argument('<environment>')
    .addOption(by())
    .addOption(role('sre'))
    .addOption(reason())
    .addOption(output())
    .addHelpText('after', examples('eksodus upgrade resume stg'))
    .action(async (environment: string, options: Steer) =>
      (await import('./commands/upgrade.ts')).resume(environment, options),
    );

  upgrade
    .command('approve')
    .description('give the approval that the upgrade waits for')
    .argument('<environment>')
    .addOption(
      new Option('--point <point>', 'what to approve; default: what it waits for').choices(['migrate', 'decommission']),
    )
    .addOption(by())
    .addOption(role('sre'))
    .addOption(reason())
    .addOption(output())
    .addHelpText('after', examples('eksodus upgrade approve stg', 'eksodus upgrade approve stg --point decommission'))
    .action(async (environment: string, options: Steer & { point?: 'migrate' | 'decommission' }) =>
      (await import('./commands/upgrade.ts')).approve(environment, options),
    );

  upgrade
    .command('rollback')
    .description('give all traffic back to the old cluster, now')
    .argument('<environment>')
    .option('--remove-green', 'then delete the new cluster')
    .addOption(by())
    .addOption(role('sre'))
    .addOption(reason())
    .addOption(yes())
    .addOption(output())
    .addHelpText(
      'after',
      examples(
        'eksodus upgrade rollback stg --reason "errors in messages"',
        'eksodus upgrade rollback stg --remove-green --yes',
      ),
    )
    .action(async (environment: string, options: Steer & Confirmed & { removeGreen?: boolean }) =>
      (await import('./commands/upgrade.ts')).rollback(environment, options),
    );

  upgrade
    .command('abort')
    .description('end the upgrade where it stands; nothing more is changed')
    .argument('<environment>')
    .addOption(by())
    .addOption(role('sre'))
    .addOption(reason())
    .addOption(yes())
    .addOption(output())
    .addHelpText('after', examples('eksodus upgrade abort stg --reason "not today"'))
    .action(async (environment: string, options: Steer & Confirmed) =>
      (await import('./commands/upgrade.ts')).abort(environment, options),
    );
}
