/**
 * The editor of a policy's text. CodeMirror comes with it, so it is read when an
 * editor is opened and not before. It stands in a shadow root: the styles that
 * CodeMirror makes are then constructed ones, which the content security policy
 * allows, and a <style> it would not.
 *
 * Tab indents. Escape gives it back to the page until another key is pressed, so
 * that nobody who works by keyboard is held here.
 */
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, type Completion, type CompletionContext } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap, indentWithTab, redo, redoDepth, undo, undoDepth } from '@codemirror/commands'
import { json } from '@codemirror/lang-json'
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from '@codemirror/language'
import { lintGutter, nextDiagnostic, previousDiagnostic, setDiagnostics, type Diagnostic } from '@codemirror/lint'
import { EditorState, Prec, StateEffect, StateField, type Extension } from '@codemirror/state'
import { Decoration, drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers, type DecorationSet } from '@codemirror/view'
import type { FindingDTO, PolicyWordsDTO } from '../api'
import { choices, startOf, type Sort } from './completion'
import { highlighting, look } from './look'
import { formatted, offsetOf, placeAt, type Range } from './text'

export interface Options {
  root: ShadowRoot
  text: string
  readonly: boolean
  /** Accessible name, and what a screen reader says of leaving by keyboard. */
  label: () => string
  leaving: string
  words: () => PolicyWordsDTO | null
  sortName: (sort: Sort) => string
  describe: (f: FindingDTO) => string
  onchange: (text: string, depth: { undo: boolean; redo: boolean }) => void
  onsave: () => void
  onformat: () => void
  /** The person is told that Tab leaves now. */
  onescape: () => void
}

export interface Mark extends Range { deny: boolean }

const setMark = StateEffect.define<Mark | null>()

/** The statement that decided; it goes with the first change. */
const mark = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, tr) {
    for (const e of tr.effects) {
      if (!e.is(setMark)) continue
      const it = e.value
      if (!it) return Decoration.none
      const doc = tr.state.doc
      const [first, last] = [doc.lineAt(Math.min(it.from, doc.length)).number, doc.lineAt(Math.min(it.to, doc.length)).number]
      const look = Decoration.line({ class: it.deny ? 'cm-decided-deny' : 'cm-decided' })
      return Decoration.set(Array.from({ length: last - first + 1 }, (_, i) => look.range(doc.line(first + i).from)))
    }
    return tr.docChanged ? Decoration.none : marks
  },
  provide: (f) => EditorView.decorations.from(f),
})

export class PolicyEditor {
  readonly view: EditorView

  constructor(private readonly options: Options) {
    this.view = new EditorView({
      root: options.root,
      parent: options.root,
      state: EditorState.create({ doc: options.text, extensions: this.extensions() }),
    })
  }

  private extensions(): Extension[] {
    const { options } = this
    const leave = () => {
      this.view.setTabFocusMode(true)
      options.onescape()
      return true
    }
    return [
      lineNumbers(), lintGutter(), history(), drawSelection(), bracketMatching(), closeBrackets(), indentOnInput(), indentUnit.of('  '),
      highlightActiveLine(), highlightActiveLineGutter(), EditorView.lineWrapping, EditorState.tabSize.of(2), json(), syntaxHighlighting(highlighting),
      autocompletion({ override: [(c) => this.complete(c)], icons: false }), mark, look,
      EditorState.readOnly.of(options.readonly),
      EditorView.contentAttributes.of(() => ({
        'aria-label': options.label(), 'aria-description': options.leaving, 'aria-readonly': String(options.readonly), autocapitalize: 'off',
      })),
      keymap.of([
        ...closeBracketsKeymap, ...completionKeymap, ...defaultKeymap, ...historyKeymap, ...(options.readonly ? [] : [indentWithTab]),
        { key: 'F8', run: nextDiagnostic }, { key: 'Shift-F8', run: previousDiagnostic },
        { key: 'Mod-s', run: () => (options.onsave(), true), preventDefault: true },
        { key: 'Shift-Alt-f', run: () => (options.onformat(), true), preventDefault: true },
      ]),
      Prec.lowest(keymap.of([{ key: 'Escape', run: leave }])),
      EditorView.domEventHandlers({
        keydown: (e) => {
          // What is said under Escape holds for the next Tab, and ends with anything else.
          if (!['Tab', 'Escape', 'Shift'].includes(e.key)) this.view.setTabFocusMode(false)
          return false
        },
        blur: () => this.view.setTabFocusMode(false),
      }),
      EditorView.updateListener.of((u) => {
        if (u.docChanged) options.onchange(this.text, { undo: undoDepth(u.state) > 0, redo: redoDepth(u.state) > 0 })
      }),
    ]
  }

  private complete(context: CompletionContext) {
    const words = this.options.words()
    if (!words) return null
    const text = context.state.doc.toString()
    const place = placeAt(text, context.pos)
    const found = choices(place, words)
    if (found.length === 0 || (!context.explicit && !place.quoted && place.from === context.pos)) return null
    const typed = text.slice(place.from, context.pos)
    const variables = found.some((c) => c.sort === 'variable') && startOf(typed, 'variable') < typed.length
    const fit = found.filter((c) => (c.sort === 'variable') === variables || (c.sort === 'variable' && context.explicit))
    const from = place.from + (variables ? startOf(typed, 'variable') : 0)
    const options = fit.map(
      (c): Completion => ({
        label: c.text,
        detail: this.options.sortName(c.sort),
        // A variable is one more part of a text; all else is the whole of it.
        apply: (view, _, start) => {
          const to = c.sort === 'variable' ? context.pos : Math.max(place.to, view.state.selection.main.head)
          const [before, after] = place.quoted ? ['', place.closed ? '' : '"'] : ['"', '"']
          const insert = c.sort === 'variable' ? c.text : before + c.text + after
          const head = start + insert.length + (place.closed && c.sort !== 'variable' ? 1 : 0)
          view.dispatch({ changes: { from: start, to, insert }, selection: { anchor: head }, userEvent: 'input.complete' })
        },
      }),
    )
    return { from, options, filter: true }
  }

  get text(): string {
    return this.view.state.doc.toString()
  }

  /** One step of its own for undo. */
  replace(text: string): void {
    if (text === this.text) return
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: text }, userEvent: 'input' })
  }

  /** Looks at the label again: a new policy has a name once it is saved. */
  rename(): void {
    this.view.dispatch({})
  }

  show(findings: FindingDTO[]): void {
    const text = this.text
    const diagnostics = findings.map((f): Diagnostic => {
      const from = offsetOf(text, f.line, f.column)
      return { from, to: Math.min(text.length, from + f.length), severity: f.level, message: this.options.describe(f) }
    })
    this.view.dispatch(setDiagnostics(this.view.state, diagnostics.sort((a, b) => a.from - b.from)))
  }

  mark(it: Mark | null): void {
    this.view.dispatch({ effects: setMark.of(it) })
    if (it) this.view.dispatch({ effects: EditorView.scrollIntoView(it.from, { y: 'nearest', yMargin: 40 }) })
  }

  jump(line: number, column: number, length = 0): void {
    const at = offsetOf(this.text, line, column)
    const head = Math.min(this.text.length, at + length)
    this.view.dispatch({ selection: { anchor: at, head }, effects: EditorView.scrollIntoView(at, { y: 'center' }) })
    this.view.focus()
  }

  /** False while the text cannot be brought in order. */
  format(): boolean {
    const text = formatted(this.text)
    if (text === null) return false
    this.replace(text)
    return true
  }

  next(): void {
    nextDiagnostic(this.view)
    this.view.focus()
  }

  undo(): void {
    undo(this.view)
    this.view.focus()
  }

  redo(): void {
    redo(this.view)
    this.view.focus()
  }

  focus(): void {
    this.view.focus()
  }

  destroy(): void {
    this.view.destroy()
  }
}
