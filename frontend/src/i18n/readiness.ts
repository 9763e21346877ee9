/** The words about what a computer can do. */
import readiness from './en/readiness.json'
import { know } from '.'

know(readiness)
