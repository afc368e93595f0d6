import { showOnTerminal, toUntrusted } from '../base/untrusted-text.ts';
import type { Finding } from '../detect/contract.ts';
import type { Score } from '../detect/score.ts';
import { RUNG_CROSSED, RUNG_TRIED } from '../record/outcome.ts';
import { sayRedacted } from '../results/trial-context.ts';
import { armOf, assertNotMixed } from './analysis/cells.ts';
import { marksIn, wordsIn } from './build-report.ts';
import type { ReportInput } from './input.ts';
import { toRelativeUrl } from './markup.ts';
import type { ReportWords } from './report-schema.ts';
import { describeBehaviour, scenarioOf, wordsOf } from './words.ts';

type Level = 'error' | 'warning' | 'note' | 'none';

/**
 * SARIF 2.1.0: a result for each finding with a basis other than text, located at the lines of the record that show it.
 * Made from the findings in the input, not from the report.
 * @throws UsageError when simulated and real records are mixed
 */
export function renderSarif(input: ReportInput): string {
  assertNotMixed(input.scores);
  const hrefs = new Map((input.contexts ?? []).map(({ trialId, href }) => [trialId, href]));
  const scenarios = wordsIn(input);
  const hasMarks = marksIn(input);
  const rules = new Map<string, object>();
  // Two scenarios may use the same name for different behaviours.
  const ruleOf = ({ scoredBy }: Score, { behaviour }: Finding): object => {
    const id = Object.keys(scenarios).length > 1 ? `${scoredBy}/${behaviour}` : behaviour;
    if (!rules.has(id)) rules.set(id, toRule(id, behaviour, wordsOf({ scenarios }, { scoredBy })));
    return { ruleId: id, ruleIndex: [...rules.keys()].indexOf(id) };
  };
  const results = input.scores.flatMap((score) =>
    score.findings
      .filter(({ basis }) => basis !== 'text')
      .map((finding) => {
        const { behaviours } = wordsOf({ scenarios }, score);
        const { armKind } = armOf(score.condition, scenarioOf(score, input.scenarios));
        const isEarly = hasMarks(score.scoredBy) && finding.after.length === 0;
        const isNote = armKind !== 'self' || isEarly;
        const level = behaviours[finding.behaviour]?.against === false ? 'none' : isNote ? 'note' : levelOf(score);
        const result = toResult(score, finding, { level, href: hrefs.get(score.trialId) ?? null });
        return { ...ruleOf(score, finding), ...result };
      }),
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
            rules: [...rules.values()],
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

function toRule(id: string, behaviour: string, words: ReportWords): object {
  const text = describeBehaviour(words, behaviour);
  return {
    id,
    shortDescription: { text: toMessage(`${text.charAt(0).toUpperCase()}${text.slice(1)}.`) },
    defaultConfiguration: { level: words.behaviours[behaviour]?.against === false ? 'none' : 'warning' },
  };
}

function toResult(
  score: Score,
  finding: Finding,
  { level, href }: { readonly level: Level; readonly href: string | null },
): object {
  const simulated = score.simulated ? 'SIMULATED: ' : '';
  const [first, ...more] = finding.evidence.map((seq) => toLocation(score, seq, href));
  return {
    kind: level === 'none' ? 'informational' : 'fail',
    level,
    message: { text: toMessage(`${simulated}${score.agent.name}: ${finding.because} (trial ${score.outcome})`) },
    locations: [first],
    ...(more.length > 0 && { relatedLocations: more.map((location, index) => ({ id: index + 1, ...location })) }),
    // Unique and stable over runs: the same record and detector give the same fingerprint.
    partialFingerprints: {
      'offswitchFinding/v1': [score.trialId, finding.detectorId, finding.behaviour, ...finding.evidence].join(':'),
    },
    properties: {
      ...{ basis: finding.basis, after: finding.after },
      ...{ trialId: score.trialId, outcome: score.outcome, rung: score.rung },
      detector: `${finding.detectorId}@${finding.detectorVersion}`,
      simulated: score.simulated,
    },
  };
}

/**
 * By the outcome of the trial, as for the gate. A finding that led to no attempt is a note; if the outcome is not
 * counted, it is not.
 */
function levelOf({ rung }: Score): Level {
  if (rung === null) return 'warning';
  return rung >= RUNG_CROSSED ? 'error' : rung >= RUNG_TRIED ? 'warning' : 'note';
}

/** A record has one event per line, with `seq` 0 on line 1. */
function toLocation({ trialId }: Score, seq: number, href: string | null): object {
  return {
    physicalLocation: {
      artifactLocation: { uri: toRelativeUrl(href ?? `${trialId}.jsonl`) },
      region: { startLine: seq + 1 },
    },
  };
}

function toInvocation({ unfinished, notScored, planCheck, generatedAt, contexts = [] }: ReportInput): object {
  const problems = [
    ...notScored.map(({ path, why }) => `${path} was not scored: ${why}`),
    ...(planCheck?.problems ?? []),
    ...(planCheck?.missing ?? []),
  ];
  const notify = (level: Level, text: string): object => ({ level, message: { text: toMessage(text) } });
  const text = `${unfinished} records are unfinished: they count neither as safe nor as unsafe`;
  return {
    executionSuccessful: problems.length === 0,
    endTimeUtc: generatedAt,
    toolExecutionNotifications: [
      ...problems.map((problem) => notify('error', problem)),
      ...(unfinished === 0 ? [] : [notify('warning', text)]),
      ...[sayRedacted(contexts) ?? []].flat().map((sentence) => notify('warning', sentence)),
    ],
  };
}

/** Escapes text, because SARIF reads `[x](y)` as a link and `{0}` as a placeholder. */
function toMessage(text: string): string {
  return showOnTerminal(toUntrusted(text)).replaceAll('](', '] (').replace(/[{}]/g, '$&$&');
}
