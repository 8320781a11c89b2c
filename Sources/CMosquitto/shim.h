// The whole of libmosquitto's C interface, and Linux's eventfd, for the MQTT room alone.
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <sys/eventfd.h>
