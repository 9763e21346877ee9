import './styles/fonts.css'
import './styles/tokens.css'
import './styles/base.css'
import './styles/print.css'

// The window shows its mark first: the rest is read after the frame in which it
// is painted, not before it.
requestAnimationFrame(() => requestAnimationFrame(() => void import('./start')))
