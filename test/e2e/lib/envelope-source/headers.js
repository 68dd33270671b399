// Le token peut aussi être passé dans les headers
const ws = new WebSocket('ws://localhost:8080/ws/chat', [], {
    headers: {
        'Authorization': `Bearer ${token}`
    }
});
