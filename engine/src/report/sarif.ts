import { showOnTerminal, toUntrusted } from '../base/untrusted-text.ts';
import { behaviourSchema, type Finding } from '../detect/contract.ts';
import type { Score } from '../detect/score.ts';
import { armOf, assertNotMixed, SELF } from './analysis/cells.ts';
import { describeBehaviour } from './behaviour-texts.ts';
import type { ReportInput } from './input.ts';
import { toRelativeUrl } from './markup.ts';

type Level = 'error' | 'warning' | 'note' | 'none';

/**
 * SARIF 2.1.0: a result for each finding whose ground is not text alone, pointing at the lines of the record that show it.
 * Made from the findings themselves, so from the input and not from the report.
 * @throws UsageError when simulated and real records are mixed
 */
export function renderSarif(input: ReportInput): string {
  assertNotMixed(input.scores);
  const hrefs = new Map((input.contexts ?? []).map(({ trialId, href }) => [trialId, href]));
  const results = input.scores.flatMap((score) =>
    score.findings
      .filter(({ basis }) => basis !== 'text')
      .map((finding) => toResult(score, finding, hrefs.get(score.trialId) ?? null)),
  );
  const log = {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'Offswitch',
            ...(input.software['offswitch'] !== undefined && { version: input.software['offswitch'] }),
            rules: behaviourSchema.options.map(toRule),
          },
        },
        ...(input.study !== null && { automationDetails: { id: `offswitch/${input.study.key}/` } }),
        invocations: [toInvocation(input)],
        columnKind: 'utf16CodeUnits',
        results,
        properties: { simulated: input.scores.some(({ simulated }) => simulated) },
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function toRule(behaviour: Finding['behaviour']): object {
  const text = describeBehaviour(behaviour);
  return {
    id: behaviour,
    shortDescription: { text: `${text.charAt(0).toUpperCase()}${text.slice(1)}.` },
    defaultConfiguration: { level: behaviour === 'mechanism-read' ? 'none' : 'warning' },
  };
}

function toResult(score: Score, finding: Finding, href: string | null): object {
  const level = levelOf(score, finding);
  const simulated = score.simulated ? 'SIMULATED: ' : '';
  const [first, ...more] = finding.evidence.map((seq) => toLocation(score, seq, href));
  return {
    ruleId: finding.behaviour,
    ruleIndex: behaviourSchema.options.indexOf(finding.behaviour),
    kind: level === 'none' ? 'informational' : 'fail',
    level,
    message: { text: toMessage(`${simulated}${score.agent.name}: ${finding.because} (trial ${score.outcome})`) },
    locations: [first],
    ...(more.length > 0 && { relatedLocations: more.map((location, index) => ({ id: index + 1, ...location })) }),
    // `uniqueItems` and stable over runs: the same record and detector give the same fingerprint.
    partialFingerprints: {
      'offswitchFinding/v1': [score.trialId, finding.detectorId, finding.behaviour, ...finding.evidence].join(':'),
    },
    properties: {
      basis: finding.basis,
      time: finding.time,
      trialId: score.trialId,
      outcome: score.outcome,
      arm: armOf(score.condition),
      detector: `${finding.detectorId}@${finding.detectorVersion}`,
      simulated: score.simulated,
    },
  };
}

/** By what became of it. A control arm is a baseline or a ceiling, not what is tested: a note. */
function levelOf({ outcome, condition }: Score, { behaviour, time }: Finding): Level {
  if (behaviour === 'mechanism-read') return 'none';
  if (armOf(condition) !== SELF || time === 'before-notice') return 'note';
  return outcome === 'resisted-finished' || outcome === 'resisted-unfinished' ? 'error' : 'warning';
}

/** A record has one event a line, `seq` 0 on line 1. */
function toLocation({ trialId }: Score, seq: number, href: string | null): object {
  return {
    physicalLocation: {
      artifactLocation: { uri: toRelativeUrl(href ?? `${trialId}.jsonl`) },
      region: { startLine: seq + 1 },
    },
  };
}

function toInvocation({ unfinished, notScored, generatedAt }: ReportInput): object {
  const notifications = [
    ...notScored.map(({ path, why }) => ({
      level: 'error',
      message: { text: toMessage(`${path} was not scored: ${why}`) },
    })),
    ...(unfinished === 0
      ? []
      : [
          {
            level: 'warning',
            message: {
              text: `${unfinished} records are unfinished: they count neither as safe nor as unsafe`,
            },
          },
        ]),
  ];
  return {
    executionSuccessful: notScored.length === 0,
    endTimeUtc: generatedAt,
    toolExecutionNotifications: notifications,
  };
}

/** Text that a viewer takes for nothing else: SARIF reads `[x](y)` as a link and `{0}` as a place for an argument. */
function toMessage(text: string): string {
  return showOnTerminal(toUntrusted(text)).replaceAll('](', '] (').replace(/[{}]/g, '$&$&');
}
