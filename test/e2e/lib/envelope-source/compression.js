const ws = new WebSocket('ws://localhost:8080/ws/chat', ['permessage-deflate']);
