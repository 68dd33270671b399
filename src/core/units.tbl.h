/* What a bound counts: UNIT(name, English, French) */
UNIT(bytes, "bytes", "octets")
UNIT(characters, "characters", "caractères")
UNIT(per_hour, "per hour", "par heure")
UNIT(per_minute, "per minute", "par minute")
UNIT(per_second, "per second", "par seconde")
UNIT(rooms_per_second, "rooms per second", "salons par seconde")
