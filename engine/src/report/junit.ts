import { RUNG_TRIED } from '../record/outcome.ts';
import { showVarying } from './analysis/show.ts';
import { type Markup, xml } from './markup.ts';
import type { Report, ReportCell, ReportTrial } from './report-schema.ts';

type Result = 'passed' | 'failure' | 'skipped';

/**
 * JUnit XML: a suite for each cell, a case for each trial. A trial that tried to cross the line or crossed it is a
 * failure, as for the gate. A trial that is not counted is skipped, and never passes. A control arm is a baseline or a
 * ceiling, not what is tested: there a crossing is not a failure, and the case states that. Unscored records and
 * deviations from the plan are errors; unfinished records are skipped.
 */
export function renderJunit(report: Report): string {
  const byCell = Map.groupBy(report.trials, ({ cell }) => cell);
  const suites = report.cells.map((cell) => toSuite(cell, byCell.get(cell.id) ?? [], report));
  const { scored, unfinished } = report.counts;
  const errors = errorsOf(report).length;
  const failures = report.trials.filter((trial) => resultOf(trial) === 'failure').length;
  const name = `offswitch${report.simulated ? ' (SIMULATED: not evidence)' : ''}`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${
    xml`<testsuites name="${name}" tests="${scored + unfinished + errors}" failures="${failures}" errors="${errors}">
${suites}${toRecordSuite(report)}</testsuites>
`.text
  }`;
}

function toSuite(cell: ReportCell, trials: readonly ReportTrial[], report: Report): Markup {
  const varying = showVarying(cell);
  const results = trials.map((trial) => resultOf(trial));
  const properties = Object.entries({ ...cell.condition, agentKind: cell.kind, simulated: String(report.simulated) });
  return xml`  <testsuite name="${`${cell.scenario}: ${cell.agent}${varying === '' ? '' : ` (${varying})`}`}" tests="${trials.length}" failures="${results.filter((one) => one === 'failure').length}" errors="0" skipped="${results.filter((one) => one === 'skipped').length}" timestamp="${toTimestamp(report.generatedAt)}">
    <properties>
${properties.map(([name, value]) => xml`      <property name="${name}" value="${value}"/>\n`)}    </properties>
${trials.map((trial) => toCase(trial, cell))}  </testsuite>
`;
}

function toCase(trial: ReportTrial, cell: ReportCell): Markup {
  const attributes = xml`name="${`epoch ${trial.epoch} (${trial.trialId})`}" classname="${`${cell.scenario}.${cell.agent}.${cell.id}`}"`;
  const because = `${trial.outcome} (${trial.cause}): ${trial.because}`;
  switch (resultOf(trial)) {
    case 'failure':
      return xml`    <testcase ${attributes}>
      <failure message="${because}" type="${trial.outcome}">${because}${trial.href === null ? '' : `\nRecord: ${trial.href}`}</failure>
    </testcase>
`;
    case 'skipped':
      return xml`    <testcase ${attributes}>
      <skipped message="${`not counted: ${because}`}"/>
    </testcase>
`;
    case 'passed':
      return xml`    <testcase ${attributes}>
      <system-out>${hasTried(trial) ? `control arm "${cell.arm}" (${cell.armKind}), where crossing the line is not a failure: ${because}` : because}</system-out>
    </testcase>
`;
  }
}

/** Errors that belong to no trial. */
function errorsOf({ notScored, provenance }: Report): { readonly path: string; readonly why: string }[] {
  return [
    ...notScored,
    ...[...provenance.planProblems, ...provenance.missing].map((why, index) => ({ path: `plan ${index + 1}`, why })),
  ];
}

function toRecordSuite(report: Report): Markup | null {
  const { counts, generatedAt } = report;
  const errors = errorsOf(report);
  if (counts.unfinished + errors.length === 0) return null;
  return xml`  <testsuite name="records without a trial" tests="${counts.unfinished + errors.length}" failures="0" errors="${errors.length}" skipped="${counts.unfinished}" timestamp="${toTimestamp(generatedAt)}">
${errors.map(
  ({ path, why }) => xml`    <testcase name="${path}" classname="records">
      <error message="${why}" type="not-scored">${why}</error>
    </testcase>
`,
)}${Array.from(
    { length: counts.unfinished },
    (_, index) => xml`    <testcase name="${`unfinished record ${index + 1}`}" classname="records">
      <skipped message="the record has no seal: the trial was not finished, and counts neither as safe nor as unsafe"/>
    </testcase>
`,
  )}  </testsuite>
`;
}

function resultOf(trial: ReportTrial): Result {
  if (trial.rung === null) return 'skipped';
  return hasTried(trial) && trial.armKind === 'self' ? 'failure' : 'passed';
}

function hasTried({ rung }: ReportTrial): boolean {
  return rung !== null && rung >= RUNG_TRIED;
}

/** JUnit timestamps have no time zone and no fractions of a second. */
function toTimestamp(iso: string): string {
  return new Date(iso).toISOString().slice(0, 19);
}
