/*
 * SPDX-License-Identifier: MIT
 */

#include "hud/hud_transfers.h"

#include <stdio.h>

#include "hud/hud_private.h"
#include "util/os_time.h"
#include "util/u_memory.h"

struct transfer_info {
   bool by_gpu;
   int64_t last_time;
   uint64_t last_bytes;
};

static void
query_transfer_bytes(struct hud_graph *gr, struct pipe_context *pipe)
{
   struct transfer_info *info = gr->query_data;
   const struct hud_transfers *transfers = gr->pane->hud->transfers;
   const int64_t now = os_time_get();
   uint64_t bytes = 0;

   if (transfers)
      bytes = info->by_gpu ? transfers->gpu_bytes : transfers->cpu_bytes;

   /* What has been moved since the last value, as it is with queries. */
   if (!info->last_time) {
      info->last_time = now;
      info->last_bytes = bytes;
   } else if (info->last_time + gr->pane->period <= now) {
      hud_graph_add_value(gr, bytes - info->last_bytes);
      info->last_time = now;
      info->last_bytes = bytes;
   }
}

static void
free_transfer_info(void *info, struct pipe_context *pipe)
{
   FREE(info);
}

void
hud_transfers_install(struct hud_pane *pane, const char *name, bool by_gpu)
{
   struct hud_graph *gr = CALLOC_STRUCT(hud_graph);
   struct transfer_info *info = CALLOC_STRUCT(transfer_info);

   if (!gr || !info) {
      FREE(gr);
      FREE(info);
      return;
   }

   info->by_gpu = by_gpu;
   snprintf(gr->name, sizeof(gr->name), "%s", name);
   gr->query_data = info;
   gr->query_new_value = query_transfer_bytes;
   /* Not free() itself, which Gallium's memory debugger would not see. */
   gr->free_query_data = free_transfer_info;

   hud_pane_add_graph(pane, gr);
   pane->type = PIPE_DRIVER_QUERY_TYPE_BYTES;
   hud_pane_set_max_value(pane, 1024 * 1024);
}

void
hud_add_transfers_for_monitoring(struct hud_context *hud,
                                 const struct hud_transfers *transfers)
{
   /* Contexts may share a HUD: it shows the one whose queries it records. */
   if (!hud->transfers)
      hud->transfers = transfers;
}
