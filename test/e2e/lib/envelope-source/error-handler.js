ws.onmessage = (event) => {
    const message = JSON.parse(event.data);

    if (message.type === 'error') {
        switch (message.data.code) {
            case 'AUTH_FAILED':
                // Reconnecter avec nouveau token
                refreshTokenAndReconnect();
                break;
            case 'ROOM_NOT_FOUND':
                console.error('Salon non trouvé:', message.data.details.room);
                break;
            case 'RATE_LIMITED':
                showRateLimitWarning();
                break;
            default:
                console.error('Erreur WebSocket:', message.data.message);
        }
    }
};
