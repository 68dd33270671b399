const token = localStorage.getItem('authToken');
const ws = new WebSocket(`ws://localhost:8080/ws/chat?token=${token}`);
