import { expect, it } from 'vitest'
import { Latest } from './latest'

function bench() {
  const asked: string[] = []
  const open: { resolve: (a: string) => void; reject: (e: unknown) => void }[] = []
  const heard: string[] = []
  const latest = new Latest<string, string>(
    (q) => {
      asked.push(q)
      return new Promise((resolve, reject) => open.push({ resolve, reject }))
    },
    (a, q) => heard.push(`${q}:${a}`),
    (e, q) => heard.push(`${q}!${String(e)}`),
  )
  const answer = async (i: number, how: 'resolve' | 'reject' = 'resolve') => {
    open[i]![how](String(i))
    await new Promise((done) => setTimeout(done))
  }
  return { asked, heard, latest, answer }
}

it('asks at once, and afterwards only the newest', async () => {
  const { asked, heard, latest, answer } = bench()
  for (const q of ['a', 'b', 'c']) latest.about(q)
  expect(asked).toEqual(['a'])
  await answer(0)
  expect(asked).toEqual(['a', 'c'])
  await answer(1)
  expect(heard).toEqual(['a:0', 'c:1'])
  latest.about('d')
  expect(asked).toEqual(['a', 'c', 'd'])
})

it('goes on after a failure, and says nothing when it is closed', async () => {
  const { asked, heard, latest, answer } = bench()
  latest.about('a')
  latest.about('b')
  await answer(0, 'reject')
  expect(heard).toEqual(['a!0'])
  latest.close()
  await answer(1)
  latest.about('c')
  expect(heard).toEqual(['a!0'])
  expect(asked).toEqual(['a', 'b'])
})
