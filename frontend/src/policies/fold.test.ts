// @vitest-environment jsdom
import { render, screen } from '@testing-library/svelte'
import { expect, it } from 'vitest'
import type { OutcomeDTO } from '../api'
import Explanation from '../components/policies/Explanation.svelte'

const outcome = (statement: number): OutcomeDTO => ({
  policy: 'Long', inline: false, group: '', statement, sid: '', effect: 'Allow', line: statement, matched: false, part: 'action', operator: 'Action', key: '',
  want: ['iam:GetUser'], got: ['iam:EnableMFADevice'], absent: false,
})

it('folds what a long policy says over and over', () => {
  const { container } = render(Explanation, { decision: { effect: 'implicitDeny', decided: -1, outcomes: Array.from({ length: 33 }, (_, i) => outcome(i + 1)) } })
  expect(screen.getByText('27 more statements')).toBeTruthy()
  expect(container.querySelectorAll('li')).toHaveLength(33)
  expect(container.querySelectorAll('details li')).toHaveLength(27)
})

it('folds nothing of a short one', () => {
  const { container } = render(Explanation, { decision: { effect: 'implicitDeny', decided: -1, outcomes: [outcome(1)] } })
  expect(container.querySelector('details')).toBeNull()
})
