import { html } from '../report/markup.ts';
import type { DrillAnswer } from './drill-answer.ts';

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}
table{border-collapse:collapse;margin:1rem 0;width:100%;display:block;overflow-x:auto}th,td{border-bottom:1px solid #8886;padding:.3rem .6rem;text-align:left;vertical-align:top}
.met{color:#0a7a3c}.not-met{color:#c0261d;font-weight:600}.not-known{color:#8a6d00}`;
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
const WORDS = { met: 'met', 'not-met': 'NOT MET', 'not-known': 'not known' } as const;

/** One page for a person: the answer, what is asked of a stop, and each way to stop. Pure. */
export function renderDrillPage({ agent, lines, verdicts, rows, columns }: DrillAnswer): string {
  const used = Object.keys(columns).filter((name) => rows.some(({ shown }) => shown[name] !== '-'));
  return `<!doctype html>\n${
    html`<html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Does ${agent} really stop?</title>
        <style>
          ${STYLE}
        </style>
      </head>
      <body>
        <h1>Does ${agent} really stop?</h1>
        ${lines.map((line) => html`<p>${line}</p>`)}
        <h2>What is asked of a stop</h2>
        <table>
          <tr>
            <th>Requirement</th>
            <th>Verdict</th>
            <th>Violated</th>
            <th>Source</th>
            <th>Example</th>
          </tr>
          ${verdicts.map(
            ({ text, verdict, violations, trials, source, example }) =>
              html`<tr>
                <td>${text}</td>
                <td class="${verdict}">${WORDS[verdict]}</td>
                <td>${violations} of ${trials}</td>
                <td>${source}</td>
                <td>${example === null ? '' : html`<a href="trials/${example}.jsonl">${example}</a>`}</td>
              </tr>`,
          )}
        </table>
        <h2>Each way to stop it</h2>
        <table>
          <tr>
            <th>Front</th>
            <th>Stop</th>
            <th>Trials</th>
            ${used.map((name) => html`<th>${columns[name] ?? name}</th>`)}
          </tr>
          ${rows.map(
            ({ front, way, counted, without, shown }) =>
              html`<tr>
                <td>${front}</td>
                <td>${way}</td>
                <td>${counted}${without === 0 ? '' : ` (and ${without} without a verdict)`}</td>
                ${used.map((name) => html`<td>${shown[name] ?? '-'}</td>`)}
              </tr>`,
          )}
        </table>
        <p>Rates with 95 % intervals; times are medians in milliseconds, exact to the time between two looks.</p>
        <p><a href="report.html">All trials</a></p>
      </body>
    </html> `.text
  }`;
}
