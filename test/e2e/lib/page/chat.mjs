/* An application of the document's hook: it shows the messages, and leaves in `chat` what the hook
 * gave it last, for whoever drives the page. */
import { useWebSocket } from '/use-web-socket.js';

const { createElement: make } = globalThis.React;

function Chat({ token }) {
    const chat = useWebSocket(token);
    globalThis.chat = chat;
    const lines = chat.messages.map(({ id, username, from_username: from, content }, i) =>
        make('li', { key: i, 'data-id': id }, `${username ?? from}: ${content}`));
    return make('ul', null, lines);
}

const root = globalThis.ReactDOM.createRoot(document.getElementById('chat'));

globalThis.show = (token) => root.render(make(Chat, { token }));
globalThis.hide = () => root.render(null);
