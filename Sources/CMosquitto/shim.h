// The whole of libmosquitto's C interface, for the MQTT room alone.
#include <mosquitto.h>
#include <mqtt_protocol.h>
