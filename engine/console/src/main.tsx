import { render } from 'preact'
import './styles/tokens.css'
import './styles/base.css'
import './styles/shell.css'
import './styles/parts.css'
import './styles/pages.css'
import './styles/operations.css'
import './styles/policies.css'
import { Console } from './console.tsx'
import { followLinks } from './location.ts'
import { listenToKeys } from './views/keys.tsx'

followLinks()
listenToKeys()
const root = document.getElementById('console')
if (root !== null) render(<Console />, root)
